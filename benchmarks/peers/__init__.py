"""Other systems doing the counting job, each as its authors would write it."""
